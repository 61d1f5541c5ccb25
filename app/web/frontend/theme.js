// Light or dark: the system's choice until the reader makes one, which this browser then remembers in a cookie so that
// the server draws the page in it at once, without a flash.
const YEAR_SECONDS = 31_536_000;

function present() {
  const chosen = document.documentElement.dataset.bsTheme;
  if (chosen) return chosen;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

export function offerThemes() {
  // Tabler's own dark rules look at the attribute, so the system's choice is written there as well.
  const root = document.documentElement;
  const chosen = root.dataset.bsTheme;
  const system = matchMedia("(prefers-color-scheme: dark)");
  if (!chosen) {
    root.dataset.bsTheme = present();
    system.addEventListener("change", () => { if (!root.dataset.chosen) root.dataset.bsTheme = system.matches ? "dark" : "light"; });
  }
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-theme-toggle]")) return;
    root.dataset.bsTheme = present() === "dark" ? "light" : "dark";
    root.dataset.chosen = "1";
    document.cookie = `theme=${root.dataset.bsTheme}; path=/; max-age=${YEAR_SECONDS}; samesite=lax`;
  });
}
