-- Why a request went where it went: JSON (see `model.Decision`) with its first attempt, NULL where there was nothing to choose.
ALTER TABLE attempts ADD COLUMN plan TEXT;
