/**
 * The one place that imports @vscode/webview-ui-toolkit. It registers the few elements the kit wraps, under their own
 * `vscode-` names. Nothing outside `webview/kit/` may name a `vscode-` element: leaving the toolkit is this folder's
 * work alone.
 */
import {
  provideVSCodeDesignSystem,
  vsCodeButton,
  vsCodeCheckbox,
  vsCodeDropdown,
  vsCodeOption,
  vsCodePanels,
  vsCodePanelTab,
  vsCodePanelView,
  vsCodeProgressRing,
  vsCodeTextField,
} from '@vscode/webview-ui-toolkit';

let registered = false;

/** Registers the toolkit's elements once. Every kit element calls it at definition. */
export function registerToolkit(): void {
  if (registered) return;
  registered = true;
  provideVSCodeDesignSystem().register(
    vsCodeButton(),
    vsCodeCheckbox(),
    vsCodeDropdown(),
    vsCodeOption(),
    vsCodePanels(),
    vsCodePanelTab(),
    vsCodePanelView(),
    vsCodeProgressRing(),
    vsCodeTextField(),
  );
}

export type { Button, Checkbox, Dropdown, Panels, TextField } from '@vscode/webview-ui-toolkit';
