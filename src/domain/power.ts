/** The power states VirtRigaud's manager knows; any other word makes its status update fail. */
export type PowerState = 'On' | 'Off' | 'OffGraceful';

export type PowerOp = 'on' | 'off' | 'reboot' | 'shutdown';
