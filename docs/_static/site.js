// The filters of the catalogue, and races that play on hover. Without this script all functions are listed.
(() => {
  "use strict";
  const boxes = document.querySelectorAll("article pre, article table, article .table-wrapper, article .formula");
  const reach = () => {
    for (const box of boxes) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;  // scrolls by keyboard, too
      else box.removeAttribute("tabindex");
    }
  };
  reach();
  addEventListener("resize", reach);
  document.querySelector(".sidebar-drawer")?.setAttribute("aria-label", "pages");
  document.querySelector(".toc-drawer")?.setAttribute("aria-label", "contents");

  const dark = () => document.body.dataset.theme === "dark" ||
    (document.body.dataset.theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  const still = matchMedia("(prefers-reduced-motion: reduce)");

  // Films play while they are in view, and have controls while they are pointed at.
  const inView = new IntersectionObserver(entries => {
    for (const {target, isIntersecting} of entries) {
      if (isIntersecting && !still.matches) target.play().catch(() => {});
      else target.pause();
    }
  }, {threshold: 0.3});
  for (const film of document.querySelectorAll("article video")) {
    inView.observe(film);
    film.controls = false;
    film.tabIndex = 0;
    for (const event of ["pointerenter", "focus"]) film.addEventListener(event, () => { film.controls = true; });
    for (const event of ["pointerleave", "blur"]) film.addEventListener(event, () => { film.controls = false; });
  }

  for (const card of document.querySelectorAll(".card[data-film]")) {
    const images = card.querySelectorAll("img"), sources = [...images].map(image => image.src);
    const play = () => {
      if (still.matches) return;
      const image = images[dark() ? 1 : 0], probe = new Image();
      probe.onload = () => { if (card.matches(":hover, :focus")) image.src = probe.src; };
      probe.src = card.dataset.film.replace("{theme}", dark() ? "dark" : "light");
    };
    const stop = () => images.forEach((image, i) => { if (image.src !== sources[i]) image.src = sources[i]; });
    card.addEventListener("mouseenter", play);
    card.addEventListener("focus", play);
    card.addEventListener("mouseleave", stop);
    card.addEventListener("blur", stop);
  }

  const form = document.querySelector(".filters");
  if (!form) return;
  const cards = [...document.querySelectorAll("#catalogue .card")];
  const facts = cards.map(card => ({
    card, words: card.dataset.words, tags: card.dataset.tags.split("|"), dims: JSON.parse(card.dataset.dims),
  }));
  const filter = () => {
    const words = form.elements.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const tags = [...form.elements.tag].map(select => select.value).filter(Boolean);
    const dim = Number(form.elements.dim.value);
    let count = 0;
    for (const fact of facts) {
      const shown = words.every(word => fact.words.includes(word)) && tags.every(tag => fact.tags.includes(tag)) &&
        (!dim || fact.dims.includes(dim));
      fact.card.hidden = !shown;
      count += shown;
    }
    form.elements.count.value = `${count} of ${facts.length}`;
  };
  const fromAddress = () => {
    const wanted = new URLSearchParams(location.hash.slice(1));
    form.elements.tag[0].value = wanted.get("tag") || "";
    form.elements.text.value = wanted.get("text") || "";
    form.elements.dim.value = wanted.get("dim") || "";
    filter();
  };
  form.hidden = false;
  form.addEventListener("input", filter);
  form.addEventListener("submit", event => event.preventDefault());
  addEventListener("hashchange", fromAddress);
  fromAddress();
})();
