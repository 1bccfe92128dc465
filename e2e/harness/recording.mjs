// The WebSocket given to SDKs that take one: the usual library's, with every frame linted and kept as it came.
// As in browsers, what one promise waits for is done before the next frame is handed over; the library's default would
// hand over all that one read brought, and what one read brings depends on how busy this process is.

import WebSocket from "ws";

/** A class of sockets for one client; `record.texts` and `record.sockets` grow as it connects and reconnects. */
export function recording(lint) {
  const record = { texts: [], sockets: [], problems: [] };
  record.WebSocket = class extends WebSocket {
    constructor(url, protocols, options = {}) {
      super(url, protocols, { perMessageDeflate: false, allowSynchronousEvents: false, ...options });
      record.sockets.push(this);
      this.opened = String(url);
      let first = true;
      this.on("message", (bytes) => {
        try {
          lint(String(bytes), { first });
        } catch (error) {
          record.problems.push(error);
        }
        first = false;
        record.texts.push(String(bytes));
      });
      this.on("close", (code) => (this.closeCode = code));
    }
  };
  /** The socket in use. */
  record.current = () => record.sockets.at(-1);
  /** Sends exactly this, past the SDK. */
  record.send = (text) => record.current().send(text);
  record.check = () => {
    if (record.problems.length) throw record.problems[0];
  };
  return record;
}
