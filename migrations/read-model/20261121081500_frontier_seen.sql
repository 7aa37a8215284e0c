-- When the projectors heard that the log had come so far: what a view lacks is at least as old.
alter table frontier add column seen_at timestamptz not null default now();
