import { TextInput } from '@mantine/core';
import { useState } from 'react';
import { Action } from '../action.tsx';
import { useWords } from '../i18n/index.ts';
import { Timeline } from '../lists/timeline.tsx';
import { TradeRows } from '../lists/trade-rows.tsx';
import { IncidentFile } from './incident-file.tsx';

/** Finds any trade, and shows what became of it. */
export default function TradesPage() {
  const { t } = useWords();
  const [query, setQuery] = useState('');
  const [opened, setOpened] = useState<string | null>(null);
  if (opened !== null)
    return (
      <>
        <Action onPress={() => setOpened(null)}>{t('history.back')}</Action>
        <Timeline tradeNo={opened} tools={({ orderNo }) => <IncidentFile orderNo={orderNo} />} />
      </>
    );
  return (
    <>
      <TextInput
        type="search"
        value={query}
        onChange={(event) => setQuery(event.currentTarget.value)}
        aria-label={t('history.search')}
        placeholder={t('history.search')}
        data-autofocus
        classNames={{ input: 'search' }}
        variant="unstyled"
      />
      <TradeRows query={query} onOpen={setOpened} />
    </>
  );
}
