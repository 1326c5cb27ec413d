/** Entry point of the report panel's webview. */
import './report';
import type { ReportApi, ReportEvents } from '../../src/contract/reportApi';
import { connect } from '../app/connection';

const report = document.querySelector('pc-report');
const connection = connect<ReportApi, ReportEvents>();
// VS Code hands this back to whoever restores the panel.
connection.saveState({ id: document.body.dataset['id'] ?? '' });
window.addEventListener('error', ({ message }) => {
  void connection.host.report(message).catch(() => undefined);
});
window.addEventListener('unhandledrejection', ({ reason }: PromiseRejectionEvent) => {
  void connection.host
    .report(reason instanceof Error ? (reason.stack ?? reason.message) : String(reason))
    .catch(() => undefined);
});
if (report !== null) void report.start(connection);
