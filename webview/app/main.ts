/** Entry point of the model editor's webview. */
import './app';
import { connect } from './connection';

const app = document.querySelector('pc-app');
const connection = connect();
window.addEventListener('error', ({ message }) => {
  void connection.host.report(message).catch(() => undefined);
});
window.addEventListener('unhandledrejection', ({ reason }: PromiseRejectionEvent) => {
  void connection.host
    .report(reason instanceof Error ? (reason.stack ?? reason.message) : String(reason))
    .catch(() => undefined);
});
if (app !== null) void app.start(connection);
