-- What a report asks of all devices, answered from the days and devices that are asked for: one look-up
-- by key a window for its gap, a few a device for the rest. Columns and answers are those of before.

CREATE OR REPLACE VIEW gaps AS
SELECT site, device, numbering, seq_before + 1 AS first_seq, seq - 1 AS last_seq,
    seq - seq_before - 1 AS windows,
    (
        SELECT before.end_ms FROM window_keys AS before
        WHERE before.site = found.site AND before.device = found.device
            AND before.numbering = found.numbering AND before.seq = found.seq_before
    ) AS after_ms,
    start_ms AS before_ms, offset_min, hour_ms, day, week
FROM (
    SELECT site, device, numbering, seq, start_ms, offset_min, hour_ms, day, week,
        (
            SELECT MAX(earlier.seq) FROM window_keys AS earlier
            WHERE earlier.site = own.site AND earlier.device = own.device
                AND earlier.numbering = own.numbering AND earlier.seq < own.seq
        ) AS seq_before
    FROM window_keys AS own
) AS found
WHERE seq - seq_before > 1;

-- A figure that is not selected is not counted: windows alone needs all of a device's.
-- numberings has also those whose windows were dropped since.
CREATE OR REPLACE VIEW devices AS
SELECT site, device,
    (
        SELECT COUNT(*) FROM windows AS own WHERE own.site = one.site AND own.device = one.device
    ) AS windows,
    (
        SELECT COUNT(*) FROM numberings AS own WHERE own.site = one.site AND own.device = one.device
    ) AS numberings,
    (
        SELECT MIN(start_ms) FROM windows AS own
        WHERE own.site = one.site AND own.device = one.device AND clock_synced
    ) AS first_ms,
    (
        SELECT MAX(end_ms) FROM windows AS own
        WHERE own.site = one.site AND own.device = one.device AND clock_synced = (1 = 1)
    ) AS last_ms,
    (
        SELECT COUNT(*) FROM windows AS own
        WHERE own.site = one.site AND own.device = one.device AND lost AND start_ms = 0
    ) AS undated
FROM (SELECT DISTINCT site, device FROM numberings) AS one
WHERE EXISTS (SELECT 1 FROM windows AS own WHERE own.site = one.site AND own.device = one.device);
