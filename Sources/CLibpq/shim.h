// libpq, and the character constants of its error fields, which are macros that Swift cannot import.
#pragma once
#include <libpq-fe.h>

static const int DIAG_SEVERITY = PG_DIAG_SEVERITY_NONLOCALIZED;
static const int DIAG_SQLSTATE = PG_DIAG_SQLSTATE;
static const int DIAG_MESSAGE_PRIMARY = PG_DIAG_MESSAGE_PRIMARY;
static const int DIAG_MESSAGE_DETAIL = PG_DIAG_MESSAGE_DETAIL;
static const int DIAG_MESSAGE_HINT = PG_DIAG_MESSAGE_HINT;
static const int DIAG_STATEMENT_POSITION = PG_DIAG_STATEMENT_POSITION;
static const int DIAG_INTERNAL_POSITION = PG_DIAG_INTERNAL_POSITION;
static const int DIAG_INTERNAL_QUERY = PG_DIAG_INTERNAL_QUERY;
static const int DIAG_CONTEXT = PG_DIAG_CONTEXT;
static const int DIAG_CONSTRAINT_NAME = PG_DIAG_CONSTRAINT_NAME;
