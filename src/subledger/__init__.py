"""An investment-accounting subledger: settled trades in, a closed month out."""
