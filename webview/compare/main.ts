/** Entry point of the comparison panel's webview. */
import './compare';
import type { CompareApi, CompareEvents } from '../../src/contract/compareApi';
import { connect } from '../app/connection';

const panel = document.querySelector('pc-compare');
const connection = connect<CompareApi, CompareEvents>();
window.addEventListener('error', ({ message }) => {
  void connection.host.report(message).catch(() => undefined);
});
window.addEventListener('unhandledrejection', ({ reason }: PromiseRejectionEvent) => {
  void connection.host
    .report(reason instanceof Error ? (reason.stack ?? reason.message) : String(reason))
    .catch(() => undefined);
});
if (panel !== null) void panel.start(connection);
