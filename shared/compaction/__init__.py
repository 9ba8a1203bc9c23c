"""Pure rules of compaction: policy, plan, ledger, summary request, verification. No clock, no I/O."""
