// Runs a command for proc.mjs and ends the whole process group when the starter goes away, however it went: the pipe
// on stdin closes with it. Usage: node leash.mjs COMMAND ARGUMENT…
import { spawn } from 'node:child_process';

const [command, ...args] = process.argv.slice(2);
const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
const endAll = () => {
  if (process.platform === 'win32') child.kill();
  else process.kill(0, 'SIGKILL'); // 0: the process group that proc.mjs made for us, ourselves included
};
process.stdin.on('error', endAll).on('end', endAll).resume();
process.on('SIGTERM', () => child.kill('SIGTERM'));
process.on('SIGINT', () => child.kill('SIGINT'));
child.once('error', (error) => {
  process.stderr.write(`${command}: ${error.message}\n`);
  process.exit(127);
});
child.once('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
