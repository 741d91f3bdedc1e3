# Expected values of effect sizes, computed by R. `make reference` runs this script and stores its output.
# It needs R with effectsize and jsonlite. Each data set is stored with the values, so that the tests need no R.
#
# effectsize finds noncentralities by optim, to six digits at best; uniroot finds them to twelve here, and both are
# compared. effectsize multiplies the intervals of Hedges' g by the correction; the intervals here are those of its
# Cohen's d.
suppressPackageStartupMessages({library(effectsize); library(jsonlite)})
options(digits = 15)

agree <- function(ours, theirs, tolerance = 1e-8) stopifnot(max(abs(ours - theirs) / pmax(abs(theirs), 1)) < tolerance)

correction <- function(df) gamma(df / 2) / (sqrt(df / 2) * gamma((df - 1) / 2))

ncp_of_t <- function(t, df, confidence = .95) {
  ends <- sapply(c(1, -1) * confidence / 2 + .5, function(p) {
    uniroot(function(ncp) suppressWarnings(pt(t, df, ncp)) - p, t + c(-1, 1) * (10 + 2 * abs(t)), tol = 1e-13)$root
  })
  stopifnot(all(abs(ends) < 37.62))  # pt is exact up to this noncentrality
  ends
}

g_of <- function(d, se, df, s, sdf, confidence = .95) {
  c(list(d = d / s, value = d / s * correction(sdf)),
    as.list(setNames(ncp_of_t(d / se, df, confidence) * se / s, c("low", "high"))))
}

check <- function(ours, theirs) {
  agree(ours$d, theirs[[1]])
  agree(c(ours$low, ours$high), c(theirs$CI_low, theirs$CI_high), 5e-6)
}

# Independent samples ------------------------------------------------------------------------------------------------

newcombe <- function(x, y) {
  n <- length(x)
  m <- length(y)
  P <- mean(outer(x, y, ">") + outer(x, y, "==") / 2)
  agree(2 * P - 1, cliffs_delta(x, y, verbose = FALSE)$r_rank_biserial)
  agree(P, p_superiority(x, y, parametric = FALSE, verbose = FALSE)$p_superiority)
  v <- function(p) p * (1 - p) / (n * m) * (1 + ((n + m) / 2 - 1) * ((1 - p) / (2 - p) + p / (1 + p)))
  excess <- function(p) abs(P - p) - qnorm(.975) * sqrt(v(p))
  list(value = P, low = if (P == 0) 0 else uniroot(excess, c(0, min(P, 1 - 1e-12)), tol = 1e-14)$root,
       high = if (P == 1) 1 else uniroot(excess, c(max(P, 1e-12), 1), tol = 1e-14)$root)
}

independent <- function(x, y) {
  n <- c(length(x), length(y))
  v <- c(var(x), var(y))
  d <- mean(x) - mean(y)
  s <- sqrt(mean(v))
  welch <- t.test(x, y)
  average <- g_of(d, welch$stderr, unname(welch$parameter), s, sum(v)^2 / sum(v^2 / (n - 1)))
  check(average, cohens_d(x, y, pooled_sd = FALSE, verbose = FALSE))
  student <- t.test(x, y, var.equal = TRUE)
  pooled <- g_of(d, student$stderr, sum(n) - 2, sd_pooled(x, y), sum(n) - 2)
  check(pooled, cohens_d(x, y, verbose = FALSE))
  agree(pooled$value, hedges_g(x, y, verbose = FALSE)$Hedges_g)
  if (n[1] == n[2]) agree(average$value, hedges_g(x, y, pooled_sd = FALSE, verbose = FALSE)$Hedges_g)
  list(average = average, pooled = c(pooled, list(standard_error = student$stderr, deviation = sd_pooled(x, y))),
       superiority = newcombe(x, y))
}

# Pairs --------------------------------------------------------------------------------------------------------------

paired <- function(x, y) {
  n <- length(x)
  test <- t.test(x, y, paired = TRUE)
  d <- unname(test$estimate)
  z <- g_of(d, test$stderr, n - 1, sd(x - y), n - 1)
  check(z, cohens_d(x, y, paired = TRUE, verbose = FALSE))
  agree(z$value, hedges_g(x, y, paired = TRUE, verbose = FALSE)$Hedges_g)
  S <- cov(cbind(x, y))
  av <- g_of(d, test$stderr, n - 1, sqrt(mean(diag(S))), (n - 1) * sum(diag(S))^2 / sum(S^2))
  # Algina and Keselman 2003, as they write the interval.
  factor <- sqrt(2 * (S[1, 1] + S[2, 2] - 2 * S[1, 2]) / (n * (S[1, 1] + S[2, 2])))
  agree(c(av$low, av$high), ncp_of_t(unname(test$statistic), n - 1) * factor)
  list(z = z, average = av)
}

# Data ---------------------------------------------------------------------------------------------------------------

samples <- list(
  sleep = split(sleep$extra, sleep$group),
  PlantGrowth = split(PlantGrowth$weight, PlantGrowth$group)[c("ctrl", "trt2")],
  ToothGrowth = split(ToothGrowth$len, ToothGrowth$supp),
  mtcars = split(mtcars$mpg, mtcars$am),
  chickwts = split(chickwts$weight, chickwts$feed)[c("horsebean", "casein")],
  InsectSprays = split(InsectSprays$count, InsectSprays$spray)[c("A", "C")],
  morley = split(morley$Speed, morley$Expt)[c(1, 4)],
  women = list(women$height, women$weight / 2)
)
for (seed in 1:8) {
  set.seed(seed)
  n <- sample(3:25, 2, TRUE)
  samples[[paste("normal", seed)]] <- list(rnorm(n[1], sample(0:2, 1), sample(1:4, 1)), rnorm(n[2], 0, sample(1:4, 1)))
}
pairs <- list(sleep = samples$sleep, women = samples$women, anscombe = list(anscombe$x1, anscombe$y1),
              morley = list(morley$Speed[1:20], morley$Speed[21:40]), attitude = list(attitude$rating, attitude$raises))
for (seed in 11:16) {
  set.seed(seed)
  n <- sample(3:25, 1)
  x <- rnorm(n)
  pairs[[paste("normal", seed)]] <- list(x + sample(0:2, 1), sample(0:1, 1) * x + sample(1:3, 1) * rnorm(n))
}

describe <- function(data, expected) list(x = I(unname(data[[1]])), y = I(unname(data[[2]])), expected = expected)
versions <- c(R = R.version.string, effectsize = as.character(packageVersion("effectsize")))
out <- list(versions = as.list(versions),
            independent = lapply(samples, function(each) describe(each, independent(each[[1]], each[[2]]))),
            paired = lapply(pairs, function(each) describe(each, paired(each[[1]], each[[2]]))))
writeLines(toJSON(out, digits = NA, auto_unbox = TRUE), commandArgs(TRUE)[1])
cat(length(samples), "independent and", length(pairs), "paired samples\n")
