-- scope: all
CREATE TABLE totals (
  day date NOT NULL,
  category text NOT NULL,
  type text NOT NULL,
  events bigint NOT NULL,
  PRIMARY KEY (day, category, type)
);
