-- Who numbered windows how: few rows, by which a question about all devices need not read all windows.
CREATE TABLE numberings (
    site text NOT NULL,
    device text NOT NULL,
    numbering text NOT NULL,
    PRIMARY KEY (site, device, numbering)
);

-- Nobody writes from here on until this step is whole: no numbering is missed.
LOCK TABLE windows, window_keys IN SHARE ROW EXCLUSIVE MODE;

INSERT INTO numberings SELECT DISTINCT site, device, numbering FROM window_keys;

CREATE OR REPLACE FUNCTION take_key() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = agender, pg_temp AS $$
BEGIN
    INSERT INTO agender.window_keys VALUES (
        NEW.site, NEW.device, NEW.numbering, NEW.seq, NEW.start_ms, NEW.end_ms, NEW.offset_min,
        NEW.hour_ms, NEW.day, NEW.week
    ) ON CONFLICT DO NOTHING;
    IF FOUND THEN
        INSERT INTO agender.numberings VALUES (NEW.site, NEW.device, NEW.numbering)
        ON CONFLICT DO NOTHING;
        RETURN NEW;
    END IF;
    RETURN NULL;
END
$$;

CREATE INDEX window_keys_day ON window_keys (day, site, device);
CREATE INDEX window_keys_week ON window_keys (week, site, device);
CREATE INDEX windows_last ON windows (site, device, clock_synced, end_ms);
-- With lost in it though it is always true: the index alone answers, and SQLite takes no other.
CREATE INDEX windows_lost ON windows (site, device, start_ms, lost) WHERE lost;
