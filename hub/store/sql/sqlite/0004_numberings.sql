-- Who numbered windows how: few rows, by which a question about all devices need not read all windows.
CREATE TABLE numberings (
    site TEXT NOT NULL,
    device TEXT NOT NULL,
    numbering TEXT NOT NULL,
    PRIMARY KEY (site, device, numbering)
) STRICT, WITHOUT ROWID;

INSERT INTO numberings SELECT DISTINCT site, device, numbering FROM windows;

CREATE TRIGGER windows_numbering AFTER INSERT ON windows
BEGIN
    INSERT INTO numberings VALUES (NEW.site, NEW.device, NEW.numbering) ON CONFLICT DO NOTHING;
END;

CREATE INDEX windows_last ON windows (site, device, clock_synced, end_ms);
-- With lost in it though it is always true: the index alone answers, and SQLite takes no other.
CREATE INDEX windows_lost ON windows (site, device, start_ms, lost) WHERE lost;
