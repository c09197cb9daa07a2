// Keeps the page current without a reload: the server rings when something changed, the page fetches
// itself and replaces its main part. A reader's scroll position, focus and open details stay.
(() => {
  "use strict";
  const main = document.getElementById("main");
  if (!main || main.dataset.live !== "true" || !window.EventSource) return;
  let busy = false, again = false;
  const refresh = async () => {
    if (busy) { again = true; return; }
    if (document.hidden || main.contains(document.activeElement) && document.activeElement.matches("input,select")) return;
    busy = true;
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" }, cache: "no-store" });
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById("main");
      if (!fresh) return;
      const open = [...main.querySelectorAll("details")].map((d) => d.open);
      main.replaceChildren(...fresh.childNodes);
      main.querySelectorAll("details").forEach((d, i) => { d.open = open[i] ?? false; });
      for (const part of ["nav", ".now"]) {
        const old = document.querySelector(part), now = page.querySelector(part);
        if (old && now) old.replaceWith(now);
      }
    } catch { /* the next ring tries again */ } finally {
      busy = false;
      if (again) { again = false; setTimeout(refresh, 500); }
    }
  };
  const bell = new EventSource("/live");
  bell.addEventListener("changed", refresh);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
})();
