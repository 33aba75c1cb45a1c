import { useRef, useState } from 'react';
import { Action } from '../action.tsx';
import { useWords } from '../i18n/index.ts';
import { HistoryFilters } from './history-filters.tsx';
import { Sheet } from './sheet.tsx';
import { Timeline } from './timeline.tsx';
import { TradeRows } from './trade-rows.tsx';
import { useHistory } from './use-history.ts';

/** Every trade, newest first; one of them opens as a timeline. */
export default function History(props: { tradeNo: string | undefined; onClose(): void }) {
  const { t } = useWords();
  const [isAsking, setAsking] = useState(false);
  const [opened, setOpened] = useState(props.tradeNo ?? null);
  // The search field stands in the sheet's head, outside of what is rendered here.
  const everywhere = useRef(document.body);
  const { query, setQuery, filters, setFilters } = useHistory(everywhere, setOpened, opened === null);
  const back = <Action onPress={() => setOpened(null)}>{t('history.back')}</Action>;
  return (
    <Sheet
      keepsOpen={isAsking}
      title={t('history.title')}
      onClose={props.onClose}
      {...(opened === null
        ? { search: { words: t('history.search'), query, onQuery: setQuery } }
        : { instead: back })}
    >
      {opened !== null ? (
        <Timeline tradeNo={opened} onAsking={setAsking} />
      ) : (
        <>
          <HistoryFilters filters={filters} onFilters={setFilters} />
          <TradeRows query={query} filters={filters} onOpen={setOpened} />
        </>
      )}
    </Sheet>
  );
}
