// What only the ticket page loads: its dock of forms, files by drag and paste, documents that are looked at, and forms
// that are sent without leaving the page.
import { dockForms } from "./dock.js";
import { lookAtDocuments } from "./preview.js";
import { sendQuietly } from "./quiet.js";
import { readConversation } from "./talk.js";
import { takeFiles } from "./uploads.js";

dockForms();
readConversation();
sendQuietly();
takeFiles();
lookAtDocuments();
