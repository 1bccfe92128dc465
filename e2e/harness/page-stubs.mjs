// What code for pages finds around it when it runs in Node as it stands: `node --import` this first.

import { WebSocket } from "ws";

globalThis.WebSocket ??= WebSocket;
globalThis.document ??= { visibilityState: "visible", head: { querySelector: () => null } };
globalThis.addEventListener ??= () => {};
globalThis.removeEventListener ??= () => {};
