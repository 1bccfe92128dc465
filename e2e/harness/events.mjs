// Server-sent events over fetch, with what EventSource does: fields, ids, `Last-Event-ID`.

import { until } from "./until.mjs";

export class EventStream {
  events = [];
  lastEventId = "";
  ended = false;
  text = "";

  static async open(t, url, { headers = {}, ...init } = {}) {
    const stream = new EventStream();
    const abort = new AbortController();
    t.after(() => abort.abort());
    stream.close = () => abort.abort();
    stream.response = await fetch(url, { headers: { accept: "text/event-stream", ...headers }, signal: abort.signal, ...init });
    stream.status = stream.response.status;
    if (stream.status === 200) stream.#read().catch((error) => (stream.problem = error));
    else stream.text = await stream.response.text();
    return stream;
  }

  async #read() {
    const decoder = new TextDecoder();
    for await (const chunk of this.response.body) {
      this.text += decoder.decode(chunk, { stream: true });
      this.#parse();
    }
    this.ended = true;
  }

  #parse() {
    for (;;) {
      const end = this.text.indexOf("\n\n");
      if (end < 0) return;
      const block = this.text.slice(0, end);
      this.text = this.text.slice(end + 2);
      const event = { type: "message", data: [] };
      for (const line of block.split("\n")) {
        const [, field, value] = line.match(/^([^:]*):? ?(.*)$/);
        if (field === "event") event.type = value;
        if (field === "data") event.data.push(value);
        if (field === "id") this.lastEventId = event.id = value;
        if (field === "retry") event.retry = Number(value);
      }
      if (event.data.length) this.events.push({ ...event, data: event.data.join("\n") });
    }
  }

  /** Removes and returns the first event of this type. */
  async next(type = "message", wait) {
    return until(
      `an event ${type}; have ${JSON.stringify(this.events)}${this.ended ? ", ended" : ""}`,
      () => {
        const at = this.events.findIndex((event) => event.type === type);
        return at >= 0 && this.events.splice(at, 1)[0];
      },
      { every: 5, ...wait },
    );
  }
}
