// Keeps the page current without a reload. The server rings when something changed; the page fetches itself
// and changes only what differs, so that scroll, focus, selection and open details stay. While the daemon does
// not answer, the page says so and how old its figures are. Only a page that is looked at listens.
(() => {
  "use strict";
  const main = document.getElementById("main"), lost = document.querySelector(".lost");
  if (!main || !("live" in main.dataset) || !window.EventSource) return;

  const keyOf = (node) => (node.nodeType === 1 ? node.dataset?.key || node.id || "" : "");
  const alike = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && keyOf(a) === keyOf(b);

  const attributes = (old, now) => {
    for (const { name, value } of now.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    for (const { name } of [...old.attributes]) {
      // What the reader opened stays open.
      if (!now.hasAttribute(name) && !(name === "open" && old.nodeName === "DETAILS")) old.removeAttribute(name);
    }
  };

  const morph = (old, now) => {
    if (old.nodeType !== 1) {
      if (old.nodeValue !== now.nodeValue) {
        old.nodeValue = now.nodeValue;
        const shown = old.parentElement;
        if (shown && shown.closest(".n,.num,.answer")) {
          shown.classList.remove("changed");
          requestAnimationFrame(() => shown.classList.add("changed"));
        }
      }
      return;
    }
    // A choice somebody is making is theirs.
    if (old.nodeName === "SELECT" || old.nodeName === "INPUT") return;
    const wasChanged = old.classList.contains("changed");
    attributes(old, now);
    if (wasChanged) old.classList.add("changed");
    const wanted = new Set([...now.childNodes].map(keyOf).filter(Boolean));
    for (const child of [...old.childNodes]) if (keyOf(child) && !wanted.has(keyOf(child))) child.remove();
    let at = old.firstChild;
    for (const child of [...now.childNodes]) {
      const key = keyOf(child);
      if (at && alike(at, child)) {
        const next = at.nextSibling;
        morph(at, child);
        at = next;
        continue;
      }
      const elsewhere = key && [...old.children].find((known) => keyOf(known) === key && known.nodeName === child.nodeName);
      if (elsewhere) {
        old.insertBefore(elsewhere, at);
        morph(elsewhere, child);
      } else {
        old.insertBefore(document.importNode(child, true), at);
      }
    }
    while (at) {
      const next = at.nextSibling;
      at.remove();
      at = next;
    }
  };

  const replaceSame = (page, selector) => {
    const old = document.querySelector(selector), now = page.querySelector(selector);
    if (old && now) morph(old, now);
  };

  let busy = false, again = false, seen = document.querySelector(".now")?.textContent ?? "";
  const gone = (is) => { lost.textContent = is ? `${lost.dataset.lost} ${seen}.` : ""; };

  const refresh = async () => {
    if (document.hidden) return;
    if (busy) { again = true; return; }
    busy = true;
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" }, cache: "no-store", redirect: "error" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (!page.getElementById("main")) throw new Error("not this page");
      for (const part of ["#main", "header nav", ".now"]) replaceSame(page, part);
      document.title = page.title;
      seen = document.querySelector(".now")?.textContent ?? seen;
      gone(false);
    } catch {
      gone(true);
    } finally {
      busy = false;
      if (again) { again = false; setTimeout(refresh, 500); }
    }
  };

  // A browser opens six connections to a server, all its tabs together: only a page somebody looks at holds one. One that
  // is left (and may be kept to come back to) or hidden gives its own up, and looks once when it is shown again.
  let bell = null;
  const listen = () => {
    bell = new EventSource("/live");
    bell.addEventListener("changed", refresh);
    bell.addEventListener("error", () => gone(true));
    bell.addEventListener("open", () => { if (lost.textContent) refresh(); });
  };
  const leave = () => { bell?.close(); bell = null; };
  const wake = () => { if (!document.hidden && !bell) { listen(); refresh(); } };
  if (!document.hidden) listen();
  addEventListener("pagehide", leave);
  addEventListener("pageshow", wake);
  document.addEventListener("visibilitychange", () => (document.hidden ? leave() : wake()));
  // A bell that was refused (too many open pages) or gave up: look by the clock instead.
  setInterval(() => { if (bell?.readyState === EventSource.CLOSED) refresh(); }, 20000);
})();
