// What is told: a line for each thing that must hold, and figures.
let status = 0;

export function check(sentence, right, ...why) {
  console.log(`${right ? 'ok' : 'not ok'} - cluster: ${sentence}${right ? '' : `\n    ${why.join('\n    ')}`}`);
  if (!right) status = 1;
}
export const figure = sentence => console.log(`# ${sentence}`);
export const exitStatus = () => status;
export const seconds = since => ((Date.now() - since) / 1000).toFixed(1);
