-- The delivery that an id stands for; 0: from before this was kept. Its row is gone once a till has acknowledged it.
ALTER TABLE seen ADD COLUMN seq INTEGER NOT NULL DEFAULT 0;
