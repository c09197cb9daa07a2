"""A task service whose SOAP interface is made by spyne: its arguments are port, user name and password.

/soap is the service; /keep is its keeper's door: GET tells everything, POST takes a list of orders.
"""
import datetime
import json
import sys
from wsgiref.simple_server import WSGIRequestHandler, make_server

from spyne import Application, Array, ComplexModel, Date, DateTime, Fault, Integer, ServiceBase, Unicode, rpc
from spyne.error import InvalidCredentialsError
from spyne.protocol.soap import Soap11
from spyne.server.wsgi import WsgiApplication

PORT, USER, PASSWORD = int(sys.argv[1]), sys.argv[2], sys.argv[3]
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
TASKS, STATE = {}, {"next": 1, "fault": False}


class UsernameToken(ComplexModel):
    __namespace__ = WSSE
    _type_info = [("Username", Unicode), ("Password", Unicode)]


class Security(ComplexModel):
    __namespace__ = WSSE
    _type_info = [("UsernameToken", UsernameToken)]


class Task(ComplexModel):
    __namespace__ = "urn:register"
    _type_info = [
        ("key", Unicode),
        ("name", Unicode),
        ("state", Unicode),
        ("owner", Unicode),
        ("due", Date),
        ("changed", DateTime),
    ]


class Register(ServiceBase):
    __in_header__ = Security

    @rpc(Integer, Integer, DateTime, _returns=(Array(Task), Integer), _out_variable_names=("tasks", "total"))
    def list_tasks(ctx, page, size, since):
        token = ctx.in_header and ctx.in_header.UsernameToken
        if not token or (token.Username, token.Password) != (USER, PASSWORD):
            raise InvalidCredentialsError("wrong user name or password")
        if STATE["fault"]:
            raise Fault("Server", "the register is being rebuilt")
        found = [task for task in TASKS.values() if since is None or task.changed >= since.replace(tzinfo=None)]
        return found[(page - 1) * size : page * size], len(found)


def keep(orders):
    keys = []
    for order in orders:
        if "fault" in order:
            STATE["fault"] = order["fault"]
            continue
        key = order.pop("key", None)
        if order.pop("delete", False):
            del TASKS[key]
            continue
        if key is None:
            key, STATE["next"] = f"T{STATE['next']:05}", STATE["next"] + 1
            TASKS[key] = Task(key=key, state="new")
        keys.append(key)
        if order.get("due"):
            order["due"] = datetime.date.fromisoformat(order["due"])
        for name, value in order.items():
            setattr(TASKS[key], name, value)
        TASKS[key].changed = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None, microsecond=0)
    return keys


def tells(task):
    return {"name": task.name, "state": task.state, "owner": task.owner, "due": task.due and task.due.isoformat()}


SOAP = WsgiApplication(Application([Register], "urn:register", in_protocol=Soap11(), out_protocol=Soap11()))


def answer(environ, start_response):
    if environ["PATH_INFO"] != "/keep":
        return SOAP(environ, start_response)
    if environ["REQUEST_METHOD"] == "POST":
        told = keep(json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))))
    else:
        told = {key: tells(task) for key, task in TASKS.items()}
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(told).encode()]


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


make_server("127.0.0.1", PORT, answer, handler_class=Quiet).serve_forever()
