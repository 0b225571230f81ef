"""Stepwell: a behavioral-health patient registry and measurement-based-care tracker."""
