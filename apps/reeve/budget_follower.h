#pragma once

// Where nodes share the register of budgets: a thread that looks whether another node wrote to it, and writes into this
// node's ledger what was changed here. A database may be slow or away, so the main thread does not ask it.

#include "reeve/command_notes.h"
#include "reeve/repeated_look.h"
#include "store/store.h"

namespace reeve::app {

class BudgetFollower {
 public:
  /// What it is given must outlive it; `record` is called on its thread.
  BudgetFollower(store::SharedBudgets& budgets, CommandNotes::Record record);

 private:
  void look();

  store::SharedBudgets& budgets_;
  CommandNotes notes_;
  bool away_ = false;     // the database could not be reached the last time
  RepeatedLook looking_;  // last: it uses all of the above
};

}  // namespace reeve::app
