import { Menu, type MenuItemConstructorOptions } from 'electron';

const WORDS = {
  zh: {
    till: '面付',
    importMerchant: '导入商户文件…',
    phone: '沙箱顾客手机',
    quit: '退出',
    edit: '编辑',
    view: '显示',
    fullScreen: '全屏',
  },
  en: {
    till: 'Mianfu',
    importMerchant: 'Import a merchant file…',
    phone: "Sandbox customer's phone",
    quit: 'Quit',
    edit: 'Edit',
    view: 'View',
    fullScreen: 'Full screen',
  },
};

/** A small menu in the system's language. No reload, no developer tools: a till has no use for them. */
export function setMenu(options: {
  locale: string;
  platform: string;
  importMerchant(): void;
  showPhone: (() => void) | null;
}): void {
  const words = options.locale.startsWith('zh') ? WORDS.zh : WORDS.en;
  const till: MenuItemConstructorOptions[] = [
    { label: words.importMerchant, click: () => options.importMerchant() },
  ];
  const showPhone = options.showPhone;
  if (showPhone) till.push({ label: words.phone, click: () => showPhone() });
  till.push({ type: 'separator' }, { label: words.quit, role: 'quit' });
  const template: MenuItemConstructorOptions[] = [{ label: words.till, submenu: till }];
  // macOS routes copy and paste through the menu.
  if (options.platform === 'darwin') template.push({ label: words.edit, role: 'editMenu' });
  template.push({ label: words.view, submenu: [{ label: words.fullScreen, role: 'togglefullscreen' }] });
  Menu.setApplicationMenu(Menu.buildFromTemplate(template));
}
