import { TextInput } from '@mantine/core';
import { useRef, useState } from 'react';
import { Action } from '../action.tsx';
import { useWords } from '../i18n/index.ts';
import { HistoryFilters } from '../lists/history-filters.tsx';
import { Timeline } from '../lists/timeline.tsx';
import { TradeRows } from '../lists/trade-rows.tsx';
import { useHistory } from '../lists/use-history.ts';
import { IncidentFile } from './incident-file.tsx';

/** Finds any trade, and shows what became of it. */
export default function TradesPage() {
  const { t } = useWords();
  const [opened, setOpened] = useState<string | null>(null);
  const page = useRef<HTMLDivElement>(null);
  const { query, setQuery, filters, setFilters } = useHistory(page, setOpened, opened === null);
  if (opened !== null)
    return (
      <>
        <Action onPress={() => setOpened(null)}>{t('history.back')}</Action>
        <Timeline tradeNo={opened} tools={({ orderNo }) => <IncidentFile orderNo={orderNo} />} />
      </>
    );
  return (
    <div className="history-page" ref={page}>
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
      <HistoryFilters filters={filters} onFilters={setFilters} />
      <TradeRows query={query} filters={filters} onOpen={setOpened} />
    </div>
  );
}
