import { Modal, UnstyledButton } from '@mantine/core';
import '@mantine/core/styles/default-css-variables.css';
import '@mantine/core/styles/Overlay.css';
import '@mantine/core/styles/ModalBase.css';
import '@mantine/core/styles/Modal.css';
import '@mantine/core/styles/Input.css';
import '../lists/lists.css';
import './manager.css';
import { type KeyboardEvent, Suspense, useRef, useState } from 'react';
import { Action } from '../action.tsx';
import { useWords } from '../i18n/index.ts';
import { useFocusReturn } from '../lists/focus-return.ts';
import { useTill } from '../till-context.ts';
import { MANAGER_PAGES, type ManagerPage, PAGE_NEEDS } from './page-names.ts';
import { PAGES } from './pages.ts';

/** The manager's area, over the whole window: a rail of pages and the one that is open. Esc goes back to the till. */
export default function Manager(props: { page: ManagerPage | undefined; onClose(): void }) {
  const { t } = useWords();
  useFocusReturn();
  const rights = useTill((state) => state.session?.rights ?? []);
  const [name, setName] = useState(props.page ?? MANAGER_PAGES[0]);
  const rail = useRef<HTMLElement>(null);
  const Page = PAGES[name];

  /** Up and down go along the rail. */
  function onKey(event: KeyboardEvent): void {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    const buttons = [...(rail.current?.querySelectorAll('button') ?? [])];
    const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
    buttons[(at + step + buttons.length) % buttons.length]?.focus();
  }

  return (
    <Modal
      opened
      fullScreen
      onClose={props.onClose}
      withCloseButton={false}
      // Would add a style element; the page behind does not scroll anyway.
      lockScroll={false}
      classNames={{ content: 'manager', body: 'manager-body' }}
      transitionProps={{ duration: 120, transition: 'fade' }}
      aria-label={t('manager.title')}
    >
      <nav className="manager-rail" aria-label={t('manager.title')} ref={rail} onKeyDown={onKey}>
        {MANAGER_PAGES.filter((each) => rights.includes(PAGE_NEEDS[each])).map((each) => (
          <UnstyledButton
            key={each}
            className="manager-tab"
            aria-current={each === name ? 'page' : undefined}
            onClick={() => setName(each)}
            data-testid={`manager-${each}`}
          >
            {t(`manager.page.${each}`)}
          </UnstyledButton>
        ))}
        <Action onPress={props.onClose} hint="Esc" testId="manager-close">
          {t('manager.close')}
        </Action>
      </nav>
      <section className="manager-page" aria-labelledby="manager-heading">
        <h2 id="manager-heading">{t(`manager.page.${name}`)}</h2>
        <Suspense fallback={null}>
          <Page key={name} />
        </Suspense>
      </section>
    </Modal>
  );
}
