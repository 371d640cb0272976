alter table media add column crop jsonb, add column focal_point jsonb;
