"""Images, videos and pictures on their way in and out; no PyTorch here."""
