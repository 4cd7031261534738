// One event stream for the page: open while somebody looks, opened again after a break, and honest about it.
const RETRY = 4, HEAD = 24, PAUSE = 150, PATIENCE = 2000, RENEWAL = 2000;

export class Stream {
  // `heard` takes each message by its kind; `lost` is told { since, seconds } while there is no stream, null when there is.
  constructor(address, heard, lost) {
    Object.assign(this, { address, heard, lost, source: null, since: null, timer: 0 });
    document.addEventListener("visibilitychange", () => (document.hidden ? this.close() : this.open()));
    addEventListener("pagehide", () => this.close());
    addEventListener("pageshow", (event) => { if (event.persisted) this.open(); });
    if (!document.hidden) this.open();
  }

  open() {
    clearInterval(this.timer);
    if (this.source || this.over) return;
    const source = this.source = new EventSource(this.address);
    for (const kind of Object.keys(this.heard)) source.addEventListener(kind, (message) => this.heard[kind](JSON.parse(message.data)));
    source.onopen = () => { this.since = null; this.lost(null); };
    source.onerror = () => this.broken();
  }

  close() { clearInterval(this.timer); this.source?.close(); this.source = null; }

  end() { this.over = true; this.close(); this.lost(null); }

  broken() {
    this.close();
    if (document.hidden || this.over) return;
    this.since ??= new Date();
    let seconds = RETRY;
    const told = () => this.lost({ since: this.since, seconds });
    told();
    this.timer = setInterval(() => { seconds -= 1; if (seconds > 0) told(); else this.open(); }, 1000);
  }
}

// Takes new rows from the server, one request at a time, and only while there are new ones.
export class Pump {
  // `took` is given rows, labels, the number of the row after them, and whether they are all there is to draw.
  constructor(address, size, took) { Object.assign(this, { address, size, took, next: 0, wanted: 0, busy: false, anew: true, renewed: 0 }); }

  // There are rows up to this number.
  upTo(row) {
    this.wanted = Math.max(this.wanted, row);
    if (!this.busy && this.wanted && (this.anew || this.wanted > this.next)) this.fetch();
  }

  // Other clusters, so other colours: rows that are drawn are asked for again, but not all the time.
  again(size = this.size) {
    if (size === this.size && performance.now() - this.renewed < RENEWAL) { clearTimeout(this.later); this.later = setTimeout(() => this.again(), RENEWAL); return; }
    Object.assign(this, { size, anew: true, renewed: performance.now() });
    this.upTo(this.wanted);
  }

  async fetch() {
    this.busy = true;
    const all = this.anew;
    this.anew = false;
    const content = await this.rows(all ? 0 : this.next).catch(() => null);
    if (!content) this.anew ||= all;
    setTimeout(() => { this.busy = false; if (!document.hidden) this.upTo(this.wanted); }, content ? PAUSE : PATIENCE);
    if (content) this.take(content, all);
  }

  async rows(since) {
    const answer = await fetch(`${this.address}?since=${since}&limit=${this.size}`, { headers: { Accept: "application/octet-stream" } });
    return answer.ok ? answer.arrayBuffer() : null;
  }

  // The form of the answer: n, dim (uint32), the first row and the next to ask for (uint64), n x dim float32, n int32.
  take(buffer, all) {
    const head = new DataView(buffer), count = head.getUint32(0, true), dim = head.getUint32(4, true), next = Number(head.getBigUint64(16, true));
    if (next <= this.next && !all) return;
    this.next = next;
    this.took(new Float32Array(buffer, HEAD, count * dim), new Int32Array(buffer, HEAD + 4 * count * dim, count), next, dim, all);
  }
}
