// What the tracker and the model wrote down, judged: a label that is added where it is already, by what the log itself tells, was added
// by two; an open issue that nobody has decided on was lost; a question that was answered twice was paid for twice. As a program it
// tries itself: what is right passes, what is wrong is seen.
import {fileURLToPath} from 'url';

export function addedTwice(log) {
  const carried = new Set(), twice = [];
  for (const {what, issue, label} of log) {
    const one = `${issue} ${label}`;
    if (what === 'label.add' && carried.has(one)) twice.push(one);
    if (what === 'label.add') carried.add(one);
    if (what === 'label.remove') carried.delete(one);
  }
  return twice;
}

// Of `count` issues that the tracker has filled itself with (tests/fake_github/seed.cpp): each fourth is closed, each tenth a pull
// request, and each fourth less one has been told to wait for people already, which is a decision, too.
export function lost(log, count) {
  const decided = new Set(log.filter(({what, label}) => what === 'label.add' && /^(status\/|needs-triage$)/.test(label)).map(({issue}) => issue));
  const missing = [];
  for (let issue = 1; issue <= count; issue++)
    if (issue % 4 !== 0 && issue % 10 !== 0 && issue % 4 !== 3 && !decided.has(issue)) missing.push(issue);
  return missing;
}

export function answeredTwice(log) {
  const answered = new Set(), twice = [];
  for (const {status, user_sha256: question} of log) {
    if (status !== 200) continue;
    if (answered.has(question)) twice.push(question);
    answered.add(question);
  }
  return twice;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const add = {what: 'label.add', issue: 7, label: 'type/bug'}, other = {...add, issue: 8}, remove = {...add, what: 'label.remove'};
  const one = {what: 'label.add', issue: 1, label: 'status/ready'}, two = {...one, issue: 2, label: 'needs-triage'};
  const asked = {status: 200, user_sha256: 'a'}, limited = {...asked, status: 429};
  const tries = [
    ['a label that is added twice is seen, and one that was taken away meanwhile is none', addedTwice([add, other, remove, add]).length === 0 && addedTwice([add, other, add]).join() === '7 type/bug'],
    ['an issue that was not decided on is seen', lost([one, two], 4).length === 0 && lost([one, {...two, label: 'type/bug'}], 4).join() === '2'],
    ['a question that was answered twice is seen', answeredTwice([limited, asked, {...asked, user_sha256: 'b'}]).length === 0 && answeredTwice([asked, asked]).join() === 'a'],
  ];
  for (const [sentence, right] of tries) console.log(`${right ? 'ok' : 'not ok'} - cluster: ${sentence}`);
  process.exitCode = tries.every(([, right]) => right) ? 0 : 1;
}
