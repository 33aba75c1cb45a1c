import { Drawer, TextInput } from '@mantine/core';
import type { ReactNode } from 'react';
import '@mantine/core/styles/default-css-variables.css';
import '@mantine/core/styles/Overlay.css';
import '@mantine/core/styles/ModalBase.css';
import '@mantine/core/styles/Drawer.css';
import '@mantine/core/styles/Input.css';
import './lists.css';
import { Action } from '../action.tsx';
import { useWords } from '../i18n/index.ts';
import { useFocusReturn } from './focus-return.ts';

/** A list over the stage: title, one search field, rows. Esc closes; focus is kept inside and given back. */
export function Sheet(props: {
  title: string;
  search?: { words: string; query: string; onQuery(query: string): void };
  onClose(): void;
  /** Stands in the search field's place. */
  instead?: ReactNode;
  /** Esc belongs to a dialog above. */
  keepsOpen?: boolean;
  children: ReactNode;
}) {
  const { title, search, onClose, instead, keepsOpen = false, children } = props;
  const { t } = useWords();
  useFocusReturn();
  return (
    <Drawer
      opened
      onClose={onClose}
      closeOnEscape={!keepsOpen}
      position="right"
      withCloseButton={false}
      // Would add a style element; the page behind does not scroll anyway.
      lockScroll={false}
      classNames={{ content: 'sheet', body: 'sheet-body', overlay: 'sheet-shade' }}
      transitionProps={{ duration: 140, transition: 'slide-left' }}
      aria-label={title}
    >
      <header className="sheet-head">
        <h2>{title}</h2>
        <Action onPress={onClose} hint="Esc">
          {t('list.close')}
        </Action>
      </header>
      {instead}
      {search && (
        <TextInput
          type="search"
          value={search.query}
          onChange={(event) => search.onQuery(event.currentTarget.value)}
          aria-label={search.words}
          placeholder={search.words}
          data-autofocus
          classNames={{ input: 'search' }}
          variant="unstyled"
        />
      )}
      <div className="sheet-rows">{children}</div>
    </Drawer>
  );
}
