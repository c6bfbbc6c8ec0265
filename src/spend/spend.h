#pragma once

// Spend: what a call costs, to the nano-dollar, who spent what, and what may still be spent. Each part of this face is
// a header of its own:
//
//   prices.h   the price catalogue and the cost of an attempt
//   rows.h     recorded calls, and sums over them
//   insight.h  what reports tell: explanations, forecasts, anomalies, advice
//   changes.h  merged changes, and what each cost
//   budgets.h  limits, and admission under them
//   budget_register.h  budgets that are written while servers run
//   slices.h   how several nodes share a budget
//   ladder.h   which cheaper model answers in place of another, and when
//
// Others include this one.

#include "spend/budget_register.h"
#include "spend/budgets.h"
#include "spend/changes.h"
#include "spend/insight.h"
#include "spend/ladder.h"
#include "spend/prices.h"
#include "spend/rows.h"
#include "spend/slices.h"
#include "spend/sums.h"
