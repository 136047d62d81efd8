"""Simulated providers, rehearsals with them, and looks at an installation.

`simulator` plays every provider, `playground` and `animatic` make media without any; `disaster` lets
providers fail, `reference` measures, `demo` shows; `doctor` looks at what is really there.
"""
