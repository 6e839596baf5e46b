// The page at the control endpoint's root. It asks for `/live` a few times a second and draws what it gets; it has no
// parts to load, so that it works without a network.

export const LIVE_PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>pve-sim</title>
<link rel="icon" href="data:,">
<style>
  :root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 18%, transparent); --soft: color-mix(in srgb, currentColor 62%, transparent); }
  body { font: 13px/1.45 system-ui, sans-serif; margin: 0; padding: 12px 16px; }
  header { display: flex; gap: 16px; align-items: baseline; flex-wrap: wrap; }
  h1 { font-size: 17px; margin: 0; }
  h2 { font-size: 13px; margin: 16px 0 4px; color: var(--soft); font-weight: 600; }
  main { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 0 24px; }
  .all { grid-column: 1 / -1; }
  @media (max-width: 1000px) { main { grid-template-columns: minmax(0, 1fr); } }
  .scroll { overflow: auto; max-height: 44vh; border: 1px solid var(--line); border-radius: 6px; }
  table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
  th, td { text-align: left; padding: 2px 8px; white-space: nowrap; border-bottom: 1px solid var(--line); }
  td.wide { white-space: normal; overflow-wrap: anywhere; min-width: 14em; }
  th { position: sticky; top: 0; background: Canvas; font-weight: 600; color: var(--soft); }
  .good { color: light-dark(#19722f, #6fd08c); }
  .bad { color: light-dark(#b3261e, #ff8a80); font-weight: 600; }
  .busy { color: light-dark(#8a5a00, #f0c060); }
  input { font: inherit; padding: 2px 6px; }
</style>
<header>
  <h1>pve-sim</h1><span id="cluster"></span><span id="link" class="bad"></span>
  <label>guests with <input id="find" type="search" placeholder="id, name, node, tag, lock"></label>
  <label><input id="writes" type="checkbox"> calls that write only</label>
</header>
<main>
  <section><h2>Nodes</h2><div class="scroll"><table id="nodes"></table></div></section>
  <section><h2>Tasks</h2><div class="scroll"><table id="tasks"></table></div></section>
  <section><h2>Guests <span id="count"></span></h2><div class="scroll"><table id="guests"></table></div></section>
  <section class="all"><h2>Calls</h2><div class="scroll"><table id="calls"></table></div></section>
</main>
<script>
  const PERIOD_MS = 400;
  const $ = (id) => document.getElementById(id);
  const tone = { online: 'good', running: 'good', OK: 'good', offline: 'bad' };
  const clock = (ms) => new Date(ms).toISOString().slice(11, 23);

  /** Rows of cells; a cell is text, or [text, class]. Drawn as text only: names come from clients. */
  function draw(id, heads, rows) {
    const row = (tag) => (cells) => {
      const line = document.createElement('tr');
      for (const cell of cells) {
        const [text, name] = Array.isArray(cell) ? cell : [cell, ''];
        const box = document.createElement(tag);
        box.textContent = text ?? '';
        if (name) box.className = name;
        line.append(box);
      }
      return line;
    };
    $(id).replaceChildren(row('th')(heads), ...rows.map(row('td')));
  }

  const taskTone = (status) => (status === 'running' ? 'busy' : status === 'OK' ? 'good' : 'bad');
  const callTone = (status) => (status === undefined ? 'busy' : status >= 400 ? 'bad' : 'good');
  const params = (call) => Object.entries(call.params).map(([key, value]) => key + '=' + value).join(' ');

  function show(live) {
    $('cluster').textContent = clock(live.now) + ' UTC, ' + (live.timeScale === 0 ? 'as fast as possible' : live.timeScale + ' times real time');
    draw('nodes', ['node', 'PVE', 'state', 'guests', 'running'],
      live.nodes.map((node) => [node.name, node.pve, [node.state, tone[node.state] ?? 'bad'], node.guests, node.running]));
    $('count').textContent = live.guestCount > live.guests.length ? '(' + live.guests.length + ' of ' + live.guestCount + ')' : '(' + live.guestCount + ')';
    draw('guests', ['id', 'name', 'kind', 'node', 'status', 'lock', 'tags', 'pending'],
      live.guests.map((guest) => [guest.vmid, guest.name, guest.kind, guest.node, [guest.status, tone[guest.status]], [guest.lock, 'busy'], guest.tags, [guest.pending, 'busy']]));
    draw('tasks', ['start', 'node', 'type', 'id', 'user', 'status', 'last line'],
      live.tasks.map((task) => [clock(task.starttime * 1000).slice(0, 8), task.node, task.type, task.id, task.user, [task.status, taskTone(task.status) + ' wide'], [task.line, 'wide']]));
    const calls = $('writes').checked ? live.calls.filter((call) => call.method !== 'GET') : live.calls;
    draw('calls', ['time', 'node', 'call', 'ms', 'answer', 'parameters', 'user'],
      calls.map((call) => [clock(call.at), call.node, [call.method + ' ' + call.path, 'wide'], call.durationMs === undefined ? '' : Math.round(call.durationMs),
        [call.status === undefined ? 'not yet' : call.status + ' ' + call.reason, callTone(call.status) + ' wide'], [params(call), 'wide'], call.user]));
  }

  async function ask() {
    try {
      const answer = await fetch('/live?find=' + encodeURIComponent($('find').value));
      show(await answer.json());
      $('link').textContent = '';
    } catch {
      $('link').textContent = 'pve-sim does not answer';
    }
    setTimeout(ask, PERIOD_MS);
  }
  ask();
</script>
</html>
`;
