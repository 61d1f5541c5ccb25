// What every page loads: partial updates (htmx), small state (Alpine, the build without eval), theme, keys, clocks.
import "htmx.org";
import Alpine from "@alpinejs/csp";
import { watchClocks } from "./clocks.js";
import { askFirst } from "./confirm.js";
import { keepDrafts } from "./drafts.js";
import { watchForms } from "./forms.js";
import { keepTyped } from "./redraw.js";
import { listenForKeys } from "./keys.js";
import { takeDown } from "./newrequest.js";
import { selectRows } from "./selection.js";
import { offerThemes } from "./theme.js";
import { helpWithSettings } from "./settings.js";
import { watchChanges } from "./live.js";
import { workThroughTasks } from "./work.js";
import { watchSession } from "./session.js";
import { keepPanels, popOver, showToasts } from "./surface.js";
import { watchTimers } from "./timers.js";

offerThemes();
listenForKeys();
watchClocks();
watchTimers();
watchForms();
keepTyped();
askFirst();
showToasts();
popOver();
keepPanels();
keepDrafts();
selectRows();
takeDown();
watchChanges();
helpWithSettings();
workThroughTasks();
watchSession();

// A password one may look at while one types it.
Alpine.data("secret", () => ({
  shown: false,
  away: false,
  get kind() { return this.shown ? "text" : "password"; },
  turn() { this.shown = !this.shown; },
}));
Alpine.start();
