// Refreshes what changed on the lab's page. Without scripts the page works as well: there is a link to refresh it.
"use strict";
(() => {
  const wait = 1500;
  const pause = document.getElementById("pause");
  let paused = false;
  let entries = document.body.dataset.entries;

  const toBottom = () => {
    for (const part of document.querySelectorAll("[data-bottom]")) part.scrollTop = part.scrollHeight;
  };

  const renew = async () => {
    const answer = await fetch(location.href);
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of document.querySelectorAll("[data-live]")) {
      const other = fresh.getElementById(part.id);
      const inUse = part.contains(document.activeElement) && document.activeElement !== document.body;
      if (!other || inUse || part.innerHTML === other.innerHTML) continue;
      const atBottom = part.scrollHeight - part.scrollTop - part.clientHeight < 40;
      part.replaceChildren(...other.childNodes);
      if (atBottom && "bottom" in part.dataset) part.scrollTop = part.scrollHeight;
    }
    entries = fresh.body.dataset.entries;
  };

  const look = async () => {
    try {
      if (!paused && !document.hidden) {
        const pulse = await (await fetch("/lab/pulse")).json();
        const clock = document.getElementById("clock");
        if (clock && pulse.clock) clock.textContent = pulse.clock;
        if (String(pulse.entries) !== entries) await renew();
      }
    } catch {
      // The lab is being restarted: look again later.
    }
    setTimeout(look, wait);
  };

  pause.hidden = false;
  pause.addEventListener("click", () => {
    paused = !paused;
    pause.textContent = paused ? "Resume" : "Pause";
  });
  toBottom();
  setTimeout(look, wait);
})();
