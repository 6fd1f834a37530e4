// A replica that is played: it serves the page under the policy that the real one has, and whatever status a test wants to see.
// It is for what real replicas do not show when asked to: a quota that is nearly used up, two versions at once, a flood.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

export const pagePath = new URL('../../src/api/page/status.html', import.meta.url);

const digestOf = (page, tag) => {
  const text = page.split(`<${tag}>`)[1].split(`</${tag}>`)[0];
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
};

const policyOf = (page) =>
  [
    "default-src 'none'",
    `style-src ${digestOf(page, 'style')}`,
    `script-src ${digestOf(page, 'script')}`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');

// takes: what the page is told, where it is not what the token says. Answers of the API, replaced by tests: answers['POST /api/groomer/pause'] = [status, body, headers].
export async function standIn(status, { token = 'let-me-in' } = {}) {
  const page = readFileSync(pagePath, 'utf8');
  const streams = new Set(),
    asked = [],
    answers = {};
  const stage = { status, answers, asked, token, takes: null, streaming: true, url: '' };

  const json = (response, code, body, headers = {}) => {
    response.writeHead(code, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', ...headers });
    response.end(JSON.stringify(body));
  };
  const event = (response) => response.write(`event: status\nid: 1\ndata: ${JSON.stringify(stage.status())}\n\n`);
  const stream = (response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
    streams.add(response);
    response.on('close', () => streams.delete(response));
    event(response);
  };

  function serve(request, response, body) {
    const name = `${request.method} ${request.url}`;
    asked.push({ name, body, authorization: request.headers.authorization || null });
    if (name === 'GET /') {
      response.writeHead(200, {
        'Content-Type': 'text/html; charset=utf-8',
        'Content-Security-Policy': policyOf(page),
        'X-Content-Type-Options': 'nosniff',
      });
      const takes = stage.takes ?? (stage.token ? 'token' : 'public token');
      return response.end(page.replace('data-takes="token"', `data-takes="${takes}"`));
    }
    if (stage.token && request.headers.authorization !== `Bearer ${stage.token}`) {
      return json(response, 401, { error: 'unauthorized', message: 'This needs the admin token.' });
    }
    if (answers[name]) return json(response, ...answers[name]);
    if (name === 'GET /api/status') return json(response, 200, stage.status());
    if (name === 'GET /api/events' && stage.streaming) return stream(response);
    return json(response, 404, { error: 'not_found', message: 'There is nothing here.' });
  }

  const server = createServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += part;
    serve(request, response, body);
  });
  const listen = (port) =>
    new Promise((resolve) => {
      server.listen(port, '127.0.0.1', resolve);
    });
  await listen(0);
  const { port } = server.address();
  stage.url = `http://127.0.0.1:${port}/`;
  stage.show = (next) => {
    stage.status = next;
    streams.forEach(event);
  };
  stage.tell = (name, data) => streams.forEach((response) => response.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`));
  stage.cutStreams = () => streams.forEach((response) => response.destroy());
  stage.close = () =>
    new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  stage.reopen = () => listen(port);
  return stage;
}
