import { useEffect, useState } from 'react';
import type { Cashier } from '../../contract/report.ts';
import { CHANNELS, TRADE_STATES } from '../../contract/trade.ts';
import { Action } from '../action.tsx';
import { useWords } from '../i18n/index.ts';
import { useTillContext } from '../till-context.ts';
import '../field.css';
import './history.css';
import { type Filters, filtersSet, NO_FILTERS } from './history-query.ts';

/** What the history is narrowed to, beside the search field: shut until it is asked for, open while it narrows. */
export function HistoryFilters({
  filters,
  onFilters,
}: {
  filters: Filters;
  onFilters(filters: Filters): void;
}) {
  const { t } = useWords();
  const [isOpen, setOpen] = useState(false);
  const active = filtersSet(filters);
  const isShown = isOpen || active > 0;
  return (
    <div className="filters">
      <Action pressed={isShown} onPress={() => setOpen(!isShown)} testId="filter">
        {active > 0 ? t('filter.opened', { active }) : t('filter.open')}
      </Action>
      {active > 0 && (
        <Action
          onPress={() => {
            onFilters(NO_FILTERS);
            setOpen(true);
          }}
        >
          {t('filter.clear')}
        </Action>
      )}
      {isShown && <Fields filters={filters} onFilters={onFilters} />}
    </div>
  );
}

function Fields({ filters, onFilters }: { filters: Filters; onFilters(filters: Filters): void }) {
  const { api } = useTillContext();
  const { t } = useWords();
  const [cashiers, setCashiers] = useState<readonly Cashier[]>([]);
  useEffect(() => {
    let isCurrent = true;
    // Without them the other fields still narrow.
    api.trades.cashiers().then(
      (found) => isCurrent && setCashiers(found),
      () => {},
    );
    return () => {
      isCurrent = false;
    };
  }, [api]);
  const field = (name: keyof Filters) => ({
    className: 'field',
    value: filters[name],
    'data-testid': `filter-${name}`,
    onChange: (event: { currentTarget: { value: string } }) =>
      onFilters({ ...filters, [name]: event.currentTarget.value }),
  });
  return (
    <div className="filter-fields">
      <label>
        <span>{t('filter.from')}</span>
        <input type="datetime-local" {...field('from')} />
      </label>
      <label>
        <span>{t('filter.to')}</span>
        <input type="datetime-local" {...field('to')} />
      </label>
      <label>
        <span>{t('filter.channel')}</span>
        <select {...field('channel')}>
          <option value="">{t('filter.any')}</option>
          {CHANNELS.map((each) => (
            <option key={each} value={each}>
              {t(`wallet.${each}`)}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span>{t('filter.state')}</span>
        <select {...field('state')}>
          <option value="">{t('filter.any')}</option>
          {TRADE_STATES.map((each) => (
            <option key={each} value={each}>
              {t(`state.${each}`)}
            </option>
          ))}
        </select>
      </label>
      {cashiers.length > 0 && (
        <label>
          <span>{t('filter.cashier')}</span>
          <select {...field('cashier')}>
            <option value="">{t('filter.any')}</option>
            {cashiers.map(({ cashier, name, kind }) => (
              <option key={cashier} value={cashier}>
                {kind === 'integrator' ? t('filter.api', { name }) : name}
              </option>
            ))}
          </select>
        </label>
      )}
      <label>
        <span>{t('filter.amount_from')}</span>
        <input inputMode="decimal" {...field('amountFrom')} />
      </label>
      <label>
        <span>{t('filter.amount_to')}</span>
        <input inputMode="decimal" {...field('amountTo')} />
      </label>
    </div>
  );
}
