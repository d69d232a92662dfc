"""Linear regression on a standardised target, whose penalties then mean the same on every data set."""

from __future__ import annotations

from typing import Any


def scaled_target(regressor: Any) -> Any:
    """Wrap a regressor so that it learns ``(y - mean) / deviation`` and predicts in the target's own unit."""
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.preprocessing import StandardScaler

    return TransformedTargetRegressor(regressor, transformer=StandardScaler(), check_inverse=False)
