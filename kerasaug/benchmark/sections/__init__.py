"""What the benchmark measures, one module for each section of its report."""
