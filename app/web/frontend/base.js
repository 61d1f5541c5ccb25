// What every page loads: partial updates (htmx), small state (Alpine, the build without eval), theme, keys, clocks.
import "htmx.org";
import Alpine from "@alpinejs/csp";
import { watchClocks } from "./clocks.js";
import { askFirst } from "./confirm.js";
import { watchForms } from "./forms.js";
import { keepTyped } from "./redraw.js";
import { listenForKeys } from "./keys.js";
import { takeDown } from "./newrequest.js";
import { selectRows } from "./selection.js";
import { offerThemes } from "./theme.js";
import { watchChanges } from "./live.js";
import { dockTabs, keepPanels, popOver, showToasts } from "./surface.js";

offerThemes();
listenForKeys();
watchClocks();
watchForms();
keepTyped();
askFirst();
showToasts();
popOver();
keepPanels();
dockTabs();
selectRows();
takeDown();
watchChanges();

window.Alpine = Alpine;
Alpine.start();
