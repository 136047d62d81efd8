"""Accounts: who pays, what they may use, what they paid and used. Figures are nano-dollars."""

from madang.accounts.register import Account, Allowance, Register

__all__ = ["Account", "Allowance", "Register"]
