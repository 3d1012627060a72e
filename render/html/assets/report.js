for (const button of document.querySelectorAll("button[data-kind]")) {
  button.addEventListener("click", async () => {
    const text = JSON.parse(document.getElementById("texts").textContent)[button.dataset.table][button.dataset.kind];
    const said = button.textContent;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = document.body.appendChild(document.createElement("textarea"));
      area.value = text;
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = said; }, 1200);
  });
}
const folded = [...document.querySelectorAll("details")];
addEventListener("beforeprint", () => { for (const one of folded) { one.dataset.was = one.open; one.open = true; } });
addEventListener("afterprint", () => { for (const one of folded) one.open = one.dataset.was === "true"; });
